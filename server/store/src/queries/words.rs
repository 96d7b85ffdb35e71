//! The table that names the numbers of words.

use sqlx::QueryBuilder;

use super::{Connection, Db, corrupt};
use crate::Result;
use crate::vocabulary;

/// Names the numbers of words for whoever reads the database without this program.
pub(super) async fn name(db: &mut Connection) -> Result<()> {
    for (name, words) in vocabulary::all() {
        let mut sql = QueryBuilder::<Db>::new("INSERT INTO words (vocabulary, number, word) ");
        sql.push_values(&words, |mut row, (number, word)| {
            row.push_bind(name).push_bind(*number).push_bind(*word);
        });
        sql.push(" ON CONFLICT (vocabulary, number) DO NOTHING");
        sql.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Refuses rows of a program whose words have other numbers: they would be misread.
pub(super) async fn check(db: &mut Connection) -> Result<()> {
    let query = sqlx::query_as::<_, (String, i16, String)>("SELECT vocabulary, number, word FROM words");
    let named = query.fetch_all(db).await?;
    for (name, words) in vocabulary::all() {
        for (_, number, word) in named.iter().filter(|(vocabulary, ..)| vocabulary == name) {
            if words.iter().any(|(other, known)| other == number && known != word) {
                return Err(corrupt(format!("{name} {number} is {word:?} there, and another word here")));
            }
        }
    }
    Ok(())
}
