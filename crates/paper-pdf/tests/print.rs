//! What is printed, read back by other programs.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn print(document: &str) -> Output {
    let mut press = Command::new(env!("CARGO_BIN_EXE_quorate-pdf"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    press.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    press.wait_with_output().unwrap()
}

/// A document of these blocks, as JSON.
fn document(blocks: &str) -> String {
    format!(
        r#"{{"title":"A paper","marking":"OFFICIAL-SENSITIVE","author":"Quorate","date":"2026-09-30","blocks":[{blocks}]}}"#
    )
}

fn table(rows: usize, cell: &str) -> String {
    let row = format!(
        r#"[{{"text":"Row","strong":false,"under":null,"shade":0}},{{"text":"{cell}","strong":true,"under":"smaller","shade":2}}]"#
    );
    let columns = r#"[{"name":"What","share":3,"number":false},{"name":"Number","share":1,"number":true}]"#;
    let rows = vec![row; rows].join(",");
    format!(r#"{{"kind":"table","level":2,"caption":"A table","columns":{columns},"rows":[{rows}]}}"#)
}

/// What another program says of a PDF.
fn said(program: &str, args: &[&str], pdf: &[u8]) -> String {
    let mut reader = Command::new(program)
        .args(args)
        .arg("-")
        .args((program == "pdftotext").then_some("-"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}, of poppler-utils: {e}"));
    let (mut stdin, pdf) = (reader.stdin.take().unwrap(), pdf.to_vec());
    let writing = std::thread::spawn(move || stdin.write_all(&pdf));
    let read = reader.wait_with_output().unwrap();
    let _ = writing.join().unwrap();
    String::from_utf8_lossy(&read.stdout).into_owned()
}

#[test]
fn a_document_is_tagged_with_its_headings_and_the_heads_of_its_rows_and_columns() {
    let blocks = [r#"{"kind":"heading","level":2,"text":"First"}"#.to_owned(), table(2, "7")].join(",");
    let printed = print(&document(&blocks));
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let info = said("pdfinfo", &[], &printed.stdout);
    for line in ["Title:           A paper", "Tagged:          yes", "(A4)"] {
        assert!(info.contains(line), "{info}");
    }
    let tags = said("pdfinfo", &["-struct-text"], &printed.stdout);
    for tag in ["OFFICIAL-SENSITIVE", "H1", "H2", "TH", "Row", "Column"] {
        assert!(tags.contains(tag), "{tag}: {tags}");
    }
}

#[test]
fn what_people_wrote_is_printed_and_never_run() {
    let wrote = "#panic() *bold* $x$ @label";
    let blocks = format!(r#"{{"kind":"text","text":"{wrote}"}},{}"#, table(1, wrote));
    let printed = print(&document(&blocks));
    let text = said("pdftotext", &[], &printed.stdout).replace('\n', " ");
    assert_eq!(text.matches("#panic() *bold* $x$").count(), 2, "{text}");
}

#[test]
fn a_character_that_no_font_has_is_a_box_and_keeps_nobody_from_the_paper() {
    for strange in ["🏥", "日本", "\\u0000", "\\u0007", "\u{e000}", "\u{feff}"] {
        let printed = print(&document(&format!(r#"{{"kind":"text","text":"Ward {strange} north"}}"#)));
        assert!(printed.status.success(), "{strange}: {}", String::from_utf8_lossy(&printed.stderr));
        let text = said("pdftotext", &[], &printed.stdout);
        assert!(text.contains("Ward □") && text.contains("north"), "{strange}: {text}");
    }
}

#[test]
fn a_table_of_many_rows_goes_on_over_the_pages_with_its_head_on_each() {
    let printed = print(&document(&table(300, "7")));
    let text = said("pdftotext", &[], &printed.stdout);
    assert_eq!(text.matches("Row").count(), 300);
    let pages = text.matches("OFFICIAL-SENSITIVE").count();
    assert!(pages > 3, "{pages}");
    assert_eq!(
        text.matches("Number").count(),
        pages,
        "its head stands on each page, and so does the marking"
    );
}

#[test]
fn the_same_document_is_the_same_file() {
    let document = document(&table(3, "7"));
    assert_eq!(print(&document).stdout, print(&document).stdout);
}

#[test]
fn what_cannot_be_printed_is_refused_in_words() {
    let chart = r#"{"kind":"charts","charts":[{"caption":"A chart","svg":"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"/>","alt":null}]}"#;
    for (document, why) in [
        ("{".to_owned(), "JSON"),
        (document(r#"{"kind":"song"}"#), "no such kind of block: song"),
        (document(chart), "alt"),
    ] {
        let refused = print(&document);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{said}");
        assert!(said.starts_with("quorate-pdf: ") && said.contains(why), "{why}: {said}");
    }
}
