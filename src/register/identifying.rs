//! What in a free text may identify somebody: a case reference, a date of birth, an NHS number, a telephone number, a
//! name that is written on the conference. It warns, and refuses nothing: a date may be any date.

use crate::calendar::written;

/// What a text seems to hold, in words; nothing where nothing was found. `known`: references and names of this
/// conference.
pub fn identifying(text: &str, known: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for name in known.iter().filter(|name| name_in(text, std::slice::from_ref(*name)).is_some()) {
        found.push(format!("\u{201c}{name}\u{201d}, which is written on this conference"));
    }
    let mut digits = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')')) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+');
        if written::day(&word.replace(['.', '-'], "/")).is_some() || written::day(word).is_some() {
            found.push(format!("\u{201c}{word}\u{201d}, which may be a date of birth"));
            digits.push(String::new());
        } else {
            let is_number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || "+-".contains(c));
            digits.push(if is_number {
                word.chars().filter(char::is_ascii_digit).collect()
            } else {
                String::new()
            });
        }
    }
    // A number may be written in groups.
    for group in digits.split(String::is_empty).map(|parts| parts.concat()).filter(|n| !n.is_empty()) {
        if group.len() == 10 && is_nhs_number(&group) {
            found.push(NHS_NUMBER.to_owned());
        } else if (10..=13).contains(&group.len()) && (group.starts_with('0') || group.starts_with("44")) {
            found.push("a number that may be a telephone number".to_owned());
        }
    }
    found
}

/// The first of these names that a text holds as words.
pub fn name_in<'a>(text: &str, known: &'a [String]) -> Option<&'a String> {
    let lower = text.to_lowercase();
    known.iter().find(|name| name.chars().count() > 2 && has_word(&lower, &name.to_lowercase()))
}

/// Whether a text holds a number that may be an NHS number, in whatever groups it is written.
pub fn is_number_of_a_patient(text: &str) -> bool {
    identifying(text, &[]).iter().any(|found| found == NHS_NUMBER)
}

/// What stands before a name, in small letters and without a full stop.
pub const TITLES: [&str; 17] = [
    "dr",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "prof",
    "professor",
    "pc",
    "dc",
    "ds",
    "di",
    "sgt",
    "insp",
    "rev",
    "sir",
    "dame",
];

const NHS_NUMBER: &str = "a number that may be an NHS number";

fn has_word(text: &str, word: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + word.len()..].chars().next()))
}

/// Ten digits of which the last checks the others (modulus 11).
fn is_nhs_number(digits: &str) -> bool {
    let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = values.iter().take(9).zip((2..=10).rev()).map(|(value, weight)| value * weight).sum();
    let check = (11 - sum % 11) % 11;
    values.len() == 10 && check != 10 && values[9] == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_names_dates_and_numbers_are_found_and_ordinary_sentences_are_not() {
        let known = ["L1042".to_owned(), "Ann Lee".to_owned()];
        for text in [
            "The school of L1042 agreed.",
            "ann lee will ring.",
            "Born 03/04/2015.",
            "born 3.4.2015",
            "NHS 943 476 5919",
            "ring 01865 123456",
            "ring +44 7700 900123 today",
        ] {
            assert_eq!(identifying(text, &known).len(), 1, "{text}: {:?}", identifying(text, &known));
        }
        for text in [
            "",
            "Police agreed in writing on the day before.",
            "3 of 4 agencies, 2 reports",
            "Leeds and L10425",
            "Section 47",
        ] {
            assert_eq!(identifying(text, &known), [] as [String; 0], "{text}");
        }
    }
}
