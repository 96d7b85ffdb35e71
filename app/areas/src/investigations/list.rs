//! The list of investigations, the latest change first.

use super::list_page::list_page;
use domain::cases::CaseList;
use kit::navigation::NavigationRow;

kit::page! {
    module: investigations,
    function: investigations / preload_investigations,
    paths: ["/investigations"],
    navigation: NavigationRow::new("Investigations", "search", "/investigations"),
    view: list_page(CaseList::Investigations, "/investigations", "The investigations could not be loaded"),
}
