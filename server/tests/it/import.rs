//! `countersign import`, as tools pipe into it.

use std::io::Write as _;
use std::process::Stdio;

use crate::process::countersign;

const LOG: &str = include_str!("../../src/cli/import/samples/clamav.log");

/// What an import of standard input prints and leaves, without writing anything.
fn dry_run(bytes: &[u8]) -> (bool, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = countersign(&["import", "clamav", "-", "--dry-run"]);
    command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn standard_input_may_have_any_form_of_text_that_says_what_it_is() {
    let units = || std::iter::once(0xFEFF).chain(LOG.encode_utf16());
    let plain = dry_run(LOG.as_bytes());
    assert!(plain.0 && plain.1.contains("quarantine_file"), "{plain:?}");
    assert!(plain.2.starts_with("7 lines: "), "{plain:?}");
    assert_eq!(dry_run(&[b"\xEF\xBB\xBF", LOG.as_bytes()].concat()), plain);
    assert_eq!(dry_run(&units().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), plain);
    assert_eq!(dry_run(&units().flat_map(u16::to_be_bytes).collect::<Vec<_>>()), plain);

    let (ended_well, printed, said) = dry_run(b"\x7FELF\x00\x01");
    assert!(!ended_well && printed.is_empty(), "{printed}");
    assert!(said.contains("standard input is not text: it must be UTF-8, or UTF-16"), "{said}");
}
