//! Subject access: everything that is held about one child, or about one practitioner, gathered for whoever
//! asks for their own data. What of it names others is for the council to take out before it is handed over.

mod child;
mod pages;
mod practitioner;

pub use pages::routes;
