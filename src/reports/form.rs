//! The forms in which finished figures leave as a file: the same for a browser and for the command line.

use std::collections::BTreeMap;

use super::improving::{ActionId, Written};
use super::{Edition, Snapshot, Yearly, csv, xlsx, yearly_csv};

/// A form of finished figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv,
    /// A workbook.
    Xlsx,
}

/// Figures that could not be written in a form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    #[error("the figures cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the figures cannot be written as CSV: {0}")]
    Csv(#[from] ::csv::Error),
    #[error("the figures cannot be written as a workbook: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    #[error("a year is published as json, csv or html")]
    NotOfAYear,
}

fn json(figures: &impl serde::Serialize) -> Result<Vec<u8>, FormError> {
    let mut bytes = serde_json::to_vec_pretty(figures)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A month's paper, with what is written of its improvement actions by their ids.
#[derive(serde::Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    written: &'a BTreeMap<ActionId, Written>,
}

impl Form {
    /// The form of a file by its name: `figures.csv`.
    pub fn of_file(name: &str) -> Option<Self> {
        let extension = name.strip_prefix("figures.")?;
        [Self::Json, Self::Csv, Self::Xlsx].into_iter().find(|form| form.extension() == extension)
    }

    /// What the names of its files end with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// A month's paper, or the figures of some months together, with what stands around it.
    pub fn of_edition(self, edition: &Edition) -> Result<Vec<u8>, FormError> {
        let Edition { snapshot, written, .. } = edition;
        Ok(match self {
            Self::Json => json(&Whole { snapshot: &snapshot.without_own_sheets(), written })?,
            Self::Csv => csv(snapshot)?,
            Self::Xlsx => xlsx(edition)?,
        })
    }

    /// What is published of a year. It has no workbook.
    pub fn of_year(self, yearly: &Yearly) -> Result<Vec<u8>, FormError> {
        Ok(match self {
            Self::Json => json(yearly)?,
            Self::Csv => yearly_csv(yearly)?,
            Self::Xlsx => return Err(FormError::NotOfAYear),
        })
    }
}
