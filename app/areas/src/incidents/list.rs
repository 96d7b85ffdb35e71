//! The list of incidents, the latest change first.

use crate::investigations::list_page::list_page;
use domain::cases::CaseList;

kit::page! {
    module: investigations,
    function: incidents / preload_incidents,
    paths: ["/incidents"],
    view: list_page(CaseList::Incidents, "/incidents", "The incidents could not be loaded"),
}
