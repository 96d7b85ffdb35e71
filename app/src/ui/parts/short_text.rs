//! A long value on one line: shortened in the middle, whole in its tooltip.

use leptos::prelude::*;

use super::visible_text::{VisibleText, spelled_out};

/// The ends of a path or hash tell it from others; the middle rarely does.
#[component]
pub(super) fn ShortText(
    /// The whole value.
    text: String,
    /// Characters to show at most.
    #[prop(default = 48)]
    limit: usize,
) -> impl IntoView {
    let title = spelled_out(&text);
    view! {
        <span class="short-text" title=title>
            <VisibleText text=shorten(&text, limit)/>
        </span>
    }
}

/// Cuts out of the middle, and keeps the last segment of a path whole where there is room for it.
fn shorten(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit || limit < 8 {
        return text.to_owned();
    }
    let keep = limit - 1;
    let segment = text.rfind(['\\', '/']).map_or(0, |at| text[at..].chars().count());
    let tail = if segment > keep / 2 && segment <= keep * 3 / 4 { segment } else { keep / 2 };
    let head: String = text.chars().take(keep - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{head}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_goes_and_the_file_name_stays() {
        assert_eq!(shorten("short", 8), "short");
        assert_eq!(shorten(&"ab".repeat(32), 17), "abababab…abababab");
        let path = "C:\\Users\\omar\\AppData\\Local\\Temp\\quarterly-report.xlsm";
        let short = shorten(path, 32);
        assert_eq!(short.chars().count(), 32);
        assert!(short.ends_with("\\quarterly-report.xlsm"), "{short}");
        assert_eq!(shorten("ééééééééééééééééé", 9), "éééé…éééé");
    }
}
