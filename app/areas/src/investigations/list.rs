//! The list of investigations, the latest change first.

use super::list_page::list_page;
use domain::cases::CaseList;

kit::page! {
    module: investigations,
    function: investigations / preload_investigations,
    paths: ["/investigations"],
    view: list_page(CaseList::Investigations, "/investigations", "The investigations could not be loaded"),
}
