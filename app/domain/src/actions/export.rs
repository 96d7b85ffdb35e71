//! The formats of an export. To add one, add a row here, and its writer in the service (`export/`): routes, the page's
//! links and the API's description come from this table.

use crate::core::string_enum::string_enum;

string_enum! {
    /// The format of an export; its word is the file's extension.
    ExportFormat {
        Csv = "csv" "CSV",
        SpreadsheetCsv = "excel.csv" "CSV for Excel",
        JsonLines = "jsonl" "JSON Lines",
        Ocsf = "ocsf.jsonl" "OCSF events",
    }
}

/// What is known of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportFormatInfo {
    /// The media type of the file, with its parameters.
    pub media_type: &'static str,
    /// Whether the page offers it: what people open, not what machines read.
    pub on_page: bool,
    /// What the API's description calls the export.
    pub summary: &'static str,
    /// What it says beyond that.
    pub description: Option<&'static str>,
}

impl ExportFormatInfo {
    /// The media type without its parameters.
    #[must_use]
    pub fn bare_media_type(&self) -> &'static str {
        self.media_type.split(';').next().unwrap_or(self.media_type)
    }
}

impl ExportFormat {
    /// Its row of the table.
    #[must_use]
    pub const fn info(self) -> ExportFormatInfo {
        match self {
            Self::Csv => ExportFormatInfo {
                media_type: "text/csv; charset=utf-8; header=present",
                on_page: true,
                summary: "Export everything that matches, for spreadsheets.",
                description: Some(
                    "CSV as of RFC 4180 with a header. A cell begins with an apostrophe where a spreadsheet would take it for \
                     a formula, or would change it: an id that looks like a long number or a date. Times have six decimals.",
                ),
            },
            Self::SpreadsheetCsv => ExportFormatInfo {
                media_type: "text/csv; charset=utf-8; header=present",
                on_page: true,
                summary: "Export everything that matches, for spreadsheets that read UTF-8 only by its mark.",
                description: Some("The same CSV with a byte order mark before it."),
            },
            Self::JsonLines => ExportFormatInfo {
                media_type: "application/jsonl; charset=utf-8",
                on_page: false,
                summary: "Export everything that matches, for machines: one JSON object a line.",
                description: None,
            },
            Self::Ocsf => ExportFormatInfo {
                media_type: "application/jsonl; charset=utf-8",
                on_page: false,
                summary: "Export what was carried out, for a SIEM: one OCSF 1.8 event a line.",
                description: Some(
                    "Remediation Activity, its kinds for files, processes and the network, and Account Change. Of what matches, \
                     only what was let happen is an event: not what waits, or was rejected. `unmapped` has the action as the API \
                     tells it, so that `cols` says nothing here.",
                ),
            },
        }
    }

    /// The formats that the page offers.
    pub fn on_page() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|format| format.info().on_page)
    }

    /// The address of the page's export of actions.
    #[must_use]
    pub fn page_path(self) -> String {
        format!("/export/actions.{self}")
    }
}
