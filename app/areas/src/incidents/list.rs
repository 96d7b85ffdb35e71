//! The list of incidents, the latest change first.

use crate::investigations::list_page::list_page;
use domain::cases::CaseList;
use kit::navigation::NavigationRow;

kit::page! {
    module: investigations,
    function: incidents / preload_incidents,
    paths: ["/incidents"],
    navigation: NavigationRow::new("Incidents", "triangle", "/incidents").in_section("Incidents & investigations"),
    view: list_page(CaseList::Incidents, "/incidents", "The incidents could not be loaded"),
}
