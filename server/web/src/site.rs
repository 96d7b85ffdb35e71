//! The built page on disk: which files it is made of, and how they are served.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::MethodRouter;
use domain::site::{BundlePaths, SiteInfo};
use serde::Deserialize;
use tower_http::services::ServeDir;

/// File names carry a hash of their content, so they never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const ONE_HOUR: &str = "public, max-age=3600";

/// The built page.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its folder.
    pub root: PathBuf,
    /// What the pages name.
    pub info: SiteInfo,
}

#[derive(Deserialize)]
struct Manifest {
    app: BundlePaths,
    css: String,
}

impl Site {
    /// Reads `manifest.json` in the folder that the build wrote.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn read(root: &Path, demo: bool) -> Result<Self, String> {
        let file = root.join("manifest.json");
        let text = std::fs::read_to_string(&file).map_err(|error| {
            format!("{} can't be read ({error}); build the page first: cargo xtask build", file.display())
        })?;
        let Manifest { app, css } = serde_json::from_str(&text).map_err(|error| {
            format!(
                "{} is not what the build writes ({error}); build the page again: cargo xtask build",
                file.display()
            )
        })?;
        Ok(Self { root: root.to_owned(), info: SiteInfo { app, css, demo } })
    }
}

/// `/pkg`: JavaScript, wasm and style, compressed at build time.
pub(crate) fn pkg<S: Clone + Send + Sync + 'static>(site: &Site) -> Router<S> {
    Router::new()
        .nest_service("/pkg", files(site.root.join("pkg")))
        .layer(map_response(|response: Response| async move { with_cache_control(response, IMMUTABLE) }))
}

/// Files at the root of the site (icons, `robots.txt`). What is not there goes on to `page`.
pub(crate) fn root(site: &Site, page: MethodRouter) -> Router {
    let files = files(site.root.clone()).call_fallback_on_method_not_allowed(true).fallback(page);
    Router::new()
        .fallback_service(files)
        .layer(map_response(|response: Response| async move { with_cache_control(response, ONE_HOUR) }))
}

fn files(folder: PathBuf) -> ServeDir {
    ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br().precompressed_gzip()
}

/// Adds a cache policy to what was found and has none of its own.
fn with_cache_control(mut response: Response, policy: &'static str) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(policy));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_page_says_how_to_build_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Site::read(folder.path(), false).unwrap_err();
        assert!(error.contains("build the page first: cargo xtask build"), "{error}");
        std::fs::write(folder.path().join("manifest.json"), "{}").unwrap();
        assert!(Site::read(folder.path(), false).unwrap_err().contains("build the page again"));
        let text = r#"{"app":{"js":"/b.js","wasm":"/b.wasm"},"css":"/a.css","more":1}"#;
        std::fs::write(folder.path().join("manifest.json"), text).unwrap();
        assert_eq!(Site::read(folder.path(), true).unwrap().info.app.js, "/b.js");
    }
}
