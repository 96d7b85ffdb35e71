//! A cell of a CSV file: it is read as it was written, and is no formula, however a program splits the line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let cell = service::testing::csv_cell(text);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(["before", &cell, "after"]).expect("written");
    let bytes = writer.into_inner().expect("written");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    let rows: Vec<_> = reader.records().collect::<Result<_, _>>().expect("read");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].iter().collect::<Vec<_>>(), ["before", &cell, "after"]);
    assert!(!cell.contains('\0'));
    for part in cell.split([',', ';', '\t', '\n', '\r', '|']).skip(usize::from(cell.starts_with(','))) {
        let first = part.trim_start_matches(|c: char| c == '"' || c.is_whitespace()).chars().next();
        // A comma stands between the quotes that the writer puts around the cell.
        let after_comma = cell.contains(',');
        assert!(after_comma || !matches!(first, Some('=' | '+' | '-' | '@')), "{cell:?}");
    }
    let letters = |text: &str| text.chars().filter(|c| !matches!(c, '\'' | '\0')).collect::<String>();
    assert_eq!(letters(&cell), letters(text), "nothing is lost");
});
