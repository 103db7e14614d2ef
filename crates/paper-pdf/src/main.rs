//! `quorate-pdf`: a finished document as JSON on standard input, the same as a PDF on standard output.
//!
//! A program of its own, for three reasons: the typesetter is half of everything there is to compile, and keeps out of
//! every other build; the memory that it takes is given back when a paper is done; and what goes wrong in
//! it, goes wrong beside the service. It knows no word of the field: what is printed, and in which order, the
//! service decides (`src/reports/document.rs`); how it looks, `document.typ`.

use std::io::{Read, Write};
use std::process::ExitCode;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Dict, Duration, Str, Value};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// Everything that a document may ask for: its text, and the fonts. No file, no clock, no network.
struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
}

impl Press {
    /// `document`: JSON. It is passed as data: nothing in it is read as markup.
    fn new(document: &str) -> Result<Self, serde_json::Error> {
        let fonts: Vec<Font> = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data))).collect();
        let mut document = serde_json::from_str(document)?;
        printable(&mut document, &|c| fonts.iter().any(|font| font.info().coverage.contains(c.into())));
        let document = document.to_string();
        let inputs = Dict::from_iter([(Str::from("document"), Value::Str(document.into()))]);
        // Cells that head a row are told to a screen reader as such.
        let features = [Feature::A11yExtras].into_iter().collect();
        Ok(Self {
            library: LazyHash::new(Library::builder().with_inputs(inputs).with_features(features).build()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::detached(include_str!("document.typ")),
        })
    }
}

/// Puts a box in place of each character that no font has: a name with a picture in it keeps nobody from a month's paper.
fn printable(value: &mut serde_json::Value, has: &impl Fn(char) -> bool) {
    // What a font may draw and no reader can read (private use) is no letter to be kept.
    let is_private = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{f0000}'..);
    let is_printed = |c: char| c == '\n' || (has(c) && !c.is_control() && !is_private(c));
    match value {
        serde_json::Value::String(text) if !text.chars().all(is_printed) => {
            *text = text.chars().map(|c| if is_printed(c) { c } else { '□' }).collect();
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(|value| printable(value, has)),
        serde_json::Value::Object(all) => all.values_mut().for_each(|value| printable(value, has)),
        _ => {}
    }
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// A document has the date that it bears, so that it is the same whenever it is printed.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn said(errors: impl IntoIterator<Item = SourceDiagnostic>) -> String {
    errors.into_iter().map(|e| e.message.to_string()).collect::<Vec<_>>().join("; ")
}

/// The document as PDF 1.7 that is accessible (PDF/UA-1) and fit to be kept (PDF/A-2a). What breaks either is an error.
fn print(document: &str) -> Result<Vec<u8>, String> {
    let press = Press::new(document).map_err(|e| format!("the document is no JSON: {e}"))?;
    let paged = typst::compile::<PagedDocument>(&press);
    let paged = paged.output.map_err(said)?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a]);
    let options =
        PdfOptions { standards: standards.map_err(|e| e.message().to_string())?, ..PdfOptions::default() };
    typst_pdf::pdf(&paged, &options).map_err(said)
}

fn main() -> ExitCode {
    let mut document = String::new();
    let printed = match std::io::stdin().read_to_string(&mut document) {
        Ok(_) => print(&document),
        Err(e) => Err(format!("standard input is no text: {e}")),
    };
    let written = printed.and_then(|pdf| std::io::stdout().write_all(&pdf).map_err(|e| e.to_string()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("quorate-pdf: {why}");
            ExitCode::FAILURE
        }
    }
}
