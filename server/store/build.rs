//! Lists the migrations, so that a new one is a file and nothing else: a file in `migrations` is one of both databases, a
//! file in a folder there one of that database.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("migrations");
    let mut code = String::new();
    for (name, folder) in [("BOTH", ""), ("SQLITE", "sqlite"), ("POSTGRES", "postgres")] {
        let entries = fs::read_dir(root.join(folder))?.map(|entry| Ok(entry?.path()));
        let mut files: Vec<PathBuf> = entries.collect::<Result<_, std::io::Error>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        writeln!(code, "pub(super) const {name}: &[(i64, &str, &str)] = &[")?;
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let (number, title) = stem.split_once('_').ok_or("a migration is called NUMBER_NAME.sql")?;
            let (number, path) = (number.parse::<i64>()?, file.display().to_string());
            writeln!(code, "    ({number}, {title:?}, include_str!({path:?})),")?;
        }
        writeln!(code, "];")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), code)?;
    Ok(())
}
