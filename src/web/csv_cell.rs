//! Cells of exported CSV files.

/// A cell that no spreadsheet takes for a formula: text that begins with `=`, `+`, `-`, `@`, a tab or a
/// line break gets an apostrophe before it (OWASP, "CSV Injection").
pub fn csv_cell(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_text_in_an_export() {
        assert_eq!(csv_cell("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(csv_cell("Marston Primary School"), "Marston Primary School");
    }
}
