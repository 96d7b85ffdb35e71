//! Patterns of names, where `*` stands for any letters and `?` for any one.

/// Whether a text fits a pattern. Both are folded by the caller.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where to go on if what follows the last star does not fit: one letter further.
    let mut star: Option<(usize, usize)> = None;
    while of < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == text[of] => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((place, from)) => {
                    star = Some((place, from + 1));
                    (at, of) = (place + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_try_every_place() {
        assert!(fits("a*b*c", "a-b-b-c") && fits("*", "") && !fits("a*b", "a-c") && fits("**a", "ba"));
        assert!(!fits(&"*a".repeat(30), &"a".repeat(20)), "and end");
    }
}
