//! Values that follow from others.

use leptos::prelude::*;

/// A memo in the browser: dependents do not run again while the value stays the same.
#[cfg(not(feature = "ssr"))]
pub type Derived<T> = Memo<T>;
/// On the server it is computed whenever it is asked. A resource says that its data is there before it tells the memos
/// that read it; a page that another thread renders in between would get a memo's value of before the load.
#[cfg(feature = "ssr")]
pub type Derived<T> = Signal<T>;

/// A value derived from the signals that `compute` reads.
pub fn derived<T>(compute: impl Fn() -> T + Send + Sync + 'static) -> Derived<T>
where
    T: PartialEq + Clone + Send + Sync + 'static,
{
    #[cfg(not(feature = "ssr"))]
    return Memo::new(move |_| compute());
    #[cfg(feature = "ssr")]
    Signal::derive(compute)
}
