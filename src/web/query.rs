//! Addresses with a query.

/// A path with what is asked of it.
pub fn query(path: &str, given: &[(&str, &str)]) -> String {
    if given.is_empty() {
        return path.to_owned();
    }
    let given = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    format!("{path}?{given}")
}
