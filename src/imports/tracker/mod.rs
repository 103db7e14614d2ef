//! The other spreadsheet: one row a conference, one column an agency group, a letter in each cell. Somebody says what its
//! columns and letters mean; that is remembered, looked at, and taken in as history without letters.

mod asking;
mod days;
mod entity;
mod guessing;
mod meaning;
mod memory;
mod pages;
mod questions;
mod rows;
mod sheet;

pub use pages::routes;
