//! Suggestions for misspelt names.

/// `; did you mean NAME?` with the candidate nearest to a word, or nothing if none is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

/// The candidate nearest to a word; `None` if more than a third of its letters would have to change.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = |name: &str, distance: usize| distance <= 1 + word.len() / 3 && distance < name.len();
    let measured = candidates.into_iter().map(|name| (distance(&word, &name.to_lowercase()), name));
    measured.filter(|(distance, name)| near(name, *distance)).min().map(|(_, name)| name)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognised() {
        let names = ["group", "periodic", "TRUE"];
        assert_eq!(nearest("perodic", names), Some("periodic"));
        assert_eq!(nearest("True", names), Some("TRUE"));
        assert_eq!(nearest("xyzzy", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(did_you_mean("grup", names), "; did you mean group?");
    }
}
