//! A finished paper as a document to be printed: what stands on it, in which order. How it looks is the printer's
//! (`crates/paper-pdf`), which takes it as JSON.

use serde::Serialize;

/// A document.
#[derive(Debug, Serialize)]
pub struct Document {
    pub title: String,
    /// Who may have it, on each page.
    pub marking: &'static str,
    pub author: &'static str,
    /// The day that it bears, `2026-10-07`: the same paper is the same file whenever it is printed.
    pub date: String,
    pub blocks: Vec<Block>,
}

/// What follows on each other in a document.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// `level`: 2 and on; the title is the first.
    Heading {
        level: u8,
        text: String,
    },
    /// A paragraph to begin with, in larger letters.
    Lead {
        text: String,
    },
    Text {
        text: String,
    },
    List {
        items: Vec<String>,
    },
    Table(Table),
    /// Charts side by side. Each stands in a table of the document too.
    Charts {
        charts: Vec<Chart>,
    },
    NewPage,
    /// On pages that lie on their side.
    Wide {
        blocks: Vec<Block>,
    },
}

/// A table. The first cell of each row heads it.
#[derive(Debug, Serialize)]
pub struct Table {
    /// A heading of its own, of this level.
    pub caption: String,
    pub level: u8,
    pub columns: Vec<Column>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Column {
    pub name: String,
    /// Its share of the width, beside those of the other columns.
    pub share: u8,
    /// Of numbers, which stand under each other.
    pub number: bool,
}

/// A cell.
#[derive(Debug, Serialize)]
pub struct Cell {
    pub text: String,
    /// What stands out.
    pub strong: bool,
    /// Smaller, under it.
    pub under: Option<String>,
    /// 0: none, else 1 to 5, the darker, the more: what the text says too.
    pub shade: usize,
}

/// A chart.
#[derive(Debug, Serialize)]
pub struct Chart {
    pub caption: String,
    pub svg: String,
    /// What somebody who does not see it hears.
    pub alt: String,
}

impl Block {
    /// A heading under the title.
    pub fn heading(text: &str) -> Self {
        Self::Heading { level: 2, text: text.to_owned() }
    }

    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, strong: false, under: None, shade: 0 }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        count.to_string().into()
    }
}

impl Cell {
    /// The same, of what stands out.
    pub fn strong_if(self, strong: bool) -> Self {
        Self { strong, ..self }
    }

    /// The same with a line under it, where there is one.
    pub fn under(self, text: impl Into<String>) -> Self {
        Self { under: Some(text.into()).filter(|text| !text.is_empty()), ..self }
    }
}

/// Columns of words.
pub fn words<const N: usize>(names: [(&str, u8); N]) -> Vec<Column> {
    names.map(|(name, share)| Column { name: name.to_owned(), share, number: false }).into()
}

/// A column of words that heads the rows, and columns of numbers.
pub fn numbers<const N: usize>(first: (&str, u8), others: [(&str, u8); N]) -> Vec<Column> {
    let others = others.map(|(name, share)| Column { name: name.to_owned(), share, number: true });
    words([first]).into_iter().chain(others).collect()
}
