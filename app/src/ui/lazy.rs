//! What the browser loads only when it is needed: pages, and parts of the list's page.
//!
//! `later!` makes functions those of a module that is loaded later, all together; beside each stands the name of what
//! only loads it.
//! The server has them all at once. The browser loads what the address shows before it takes the page over
//! ([`Module::preload`]), so that it hydrates in one go; what comes afterwards is loaded when somebody goes there, or
//! before, once the page has nothing else to do.
//!
//! To add one: a variant of [`Module`], its line in [`Module::needed`], its functions by `later!`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::task::spawn_local;
use leptos_router::ChooseView;

/// A module could not be loaded: the server was updated meanwhile, or is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing;

#[cfg(feature = "hydrate")]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// What a function of a module answers.
pub(super) type Loaded = Result<AnyView, Missing>;

macro_rules! later {
    ($module:ident; $(fn $name:ident / $preload:ident ($($arg:ident: $ty:ty),* $(,)?) $body:block)*) => {
        $(
            #[cfg(feature = "hydrate")]
            #[leptos::wasm_split::wasm_split(
                $module,
                wasm_split_path = leptos::wasm_split,
                preload($preload),
                fallible
            )]
            pub(in crate::ui) fn $name($($arg: $ty),*) -> $crate::ui::lazy::Loaded {
                Ok($body)
            }
            #[cfg(not(feature = "hydrate"))]
            pub(in crate::ui) async fn $name($($arg: $ty),*) -> $crate::ui::lazy::Loaded {
                Ok($body)
            }
        )*
    };
}
pub(super) use later;

/// A module that is loaded later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// The list.
    List,
    /// The home page.
    Home,
    /// Previews of decisions on many, and what became of them.
    Bulk,
    /// Signing in.
    SignIn,
    /// The panels beside the list.
    Panels,
    /// The details of the open action.
    Details,
    /// The dialogs of the keyboard.
    Dialogs,
}

impl Module {
    /// Its name, as `later!` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Home => "home",
            Self::Bulk => "bulk",
            Self::SignIn => "sign_in",
            Self::Panels => "panels",
            Self::Details => "details",
            Self::Dialogs => "dialogs",
        }
    }

    /// What the page at an address is made of, beside what all pages have.
    #[must_use]
    pub fn needed(path: &str, query: &str) -> Vec<Self> {
        let has = |name: &str| query.trim_start_matches('?').split('&').any(|pair| pair.starts_with(name));
        match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            [""] => vec![Self::Home],
            ["sign-in"] => vec![Self::SignIn],
            ["action-center", "plans" | "jobs", _] => vec![Self::Bulk],
            ["action-center", _] => {
                let panels = has("panel=").then_some(Self::Panels);
                [Self::List].into_iter().chain(panels).chain(has("open=").then_some(Self::Details)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Loads it.
    #[cfg(feature = "hydrate")]
    pub(super) async fn preload(self) -> Result<(), Missing> {
        use super::pages::modules;
        match self {
            Self::List => modules::preload_list().await?,
            Self::Home => modules::preload_home().await?,
            // Each function knows by itself whether its module is there.
            Self::Bulk => {
                modules::preload_plan().await?;
                modules::preload_job().await?;
            }
            Self::SignIn => modules::preload_sign_in().await?,
            Self::Panels => modules::preload_panel().await?,
            Self::Details => modules::preload_details().await?,
            Self::Dialogs => modules::preload_dialogs().await?,
        }
        Ok(())
    }
}

/// A page of a module, for a route.
#[derive(Clone, Copy)]
pub(super) struct Page(pub(super) fn() -> Pin<Box<dyn Future<Output = Loaded>>>);

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        match (self.0)().await {
            Ok(view) => view,
            // The router is on its way to what the address will be: the server has it.
            Err(Missing) => {
                let to = leptos_router::hooks::use_url().get_untracked();
                let href =
                    format!("{}{}{}", to.path(), if to.search().is_empty() { "" } else { "?" }, to.search());
                drop(window().location().set_href(&href));
                std::future::pending().await
            }
        }
    }

    async fn preload(&self) {}
}

/// A part of a page; in its place until it is loaded, what stands for it.
pub(super) fn part(
    view: impl Future<Output = Loaded> + 'static,
    meanwhile: impl FnOnce() -> AnyView + 'static,
) -> AnyView {
    let mut view: Pin<Box<dyn Future<Output = Loaded>>> = Box::pin(view);
    if let Poll::Ready(view) = view.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return view.unwrap_or_else(|Missing| ().into_any());
    }
    let shown = RwSignal::new_local(Some(meanwhile()));
    let view = ScopedFuture::new(view);
    spawn_local(async move {
        match view.await {
            Ok(view) => drop(shown.try_set(Some(view))),
            // The address says all that is shown.
            Err(Missing) => drop(window().location().reload()),
        }
    });
    (move || {
        shown.track();
        shown.try_update_untracked(Option::take).flatten()
    })
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_needed() {
        assert_eq!(Module::needed("/", ""), [Module::Home]);
        assert_eq!(Module::needed("/action-center/plans/1", ""), [Module::Bulk]);
        assert_eq!(Module::needed("/action-center/pending", ""), []);
        assert_eq!(Module::needed("/action-center/pending", "q=open"), []);
        assert_eq!(
            Module::needed("/action-center/pending", "?panel=filters&open=1"),
            [Module::Panels, Module::Details]
        );
    }
}
