//! Every kind of letter with samples to try it on, whichever room writes it.

use serde::Serialize;
use serde_json::Value;

use crate::mail::{TemplateError, Templates};
use crate::operations::Specimen;
use crate::{bounces, convening, feedback, ladder, oversight, register, replies, reports, restriction};

fn each<T: Serialize>(samples: Vec<(&'static str, T)>) -> impl Iterator<Item = Specimen> {
    let value = |context: T| serde_json::to_value(context).unwrap_or(Value::Null);
    samples.into_iter().map(move |(kind, context)| Specimen { kind, context: value(context) })
}

/// The longest and the emptiest case of every letter, by kind.
pub(super) fn specimens() -> Vec<Specimen> {
    let all = each(feedback::samples())
        .chain(each(feedback::digest_samples()))
        .chain(each(replies::samples()))
        .chain(each(ladder::samples()))
        .chain(each(ladder::signed_samples()))
        .chain(each(convening::samples()))
        .chain(each(register::samples()))
        .chain(each(register::overdue_samples()))
        .chain(each(reports::samples()))
        .chain(each(reports::closing_samples()))
        .chain(each(reports::thanks_samples()))
        .chain(each(reports::action_samples()))
        .chain(each(restriction::samples()))
        .chain(each(bounces::samples()))
        .chain(each(oversight::samples()));
    let mut all: Vec<Specimen> = all.collect();
    all.sort_by_key(|specimen| specimen.kind);
    all
}

/// Tries every letter on its samples. The first that cannot be written, or says what it must not, is an error.
pub(super) fn try_all(templates: &Templates) -> Result<usize, TemplateError> {
    let all = specimens();
    for specimen in &all {
        templates.try_on(specimen.kind, &specimen.context)?;
    }
    Ok(all.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One file a kind, with all its samples: a change of wording is reviewed like code.
    #[test]
    fn every_letter_reads_as_it_was_reviewed_at_its_longest_and_at_its_emptiest() {
        let templates = Templates::compile(std::path::Path::new("")).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../tests/snapshots/letters");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let all = specimens();
        for of_kind in all.chunk_by(|a, b| a.kind == b.kind) {
            let texts = of_kind.iter().map(|specimen| {
                let written = templates.write(specimen.kind, &specimen.context).unwrap();
                format!("Subject: {}\n\n{}", written.subject, written.text.replace("\r\n", "\n"))
            });
            let texts: Vec<String> = texts.collect();
            for text in &texts {
                for gap in ["by ,", "by .", " ,", "of .", "of ,"] {
                    assert!(!text.contains(gap), "{}: {gap:?} in {text}", of_kind[0].kind);
                }
            }
            let rule = "\n".to_owned() + &"-".repeat(72) + "\n\n";
            settings.bind(|| insta::assert_snapshot!(of_kind[0].kind, texts.join(&rule)));
        }
    }
}
