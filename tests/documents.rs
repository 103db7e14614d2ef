//! The documents say what is there.

use crate::harness::root;

#[test]
fn every_path_and_test_that_the_rules_index_names_exists() {
    let rules = std::fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let path =
        regex::Regex::new(r"`((?:src|tests|config|migrations|email-templates)/[A-Za-z0-9_./-]+)`").unwrap();
    let mut count = 0;
    for found in path.captures_iter(&rules) {
        assert!(root().join(&found[1]).exists(), "docs/rules.md names {}, which does not exist", &found[1]);
        count += 1;
    }
    assert!(count > 30, "the index names its files");
    let mut code = String::new();
    for folder in ["src", "tests"] {
        read_all(&root().join(folder), &mut code);
    }
    let test = regex::Regex::new(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`").unwrap();
    for found in test.captures_iter(&rules) {
        assert!(
            code.contains(&format!("fn {}(", &found[1])),
            "docs/rules.md names the test {}, which does not exist",
            &found[1]
        );
    }
}

fn read_all(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([A-Za-z0-9_./-]+)(?:#[^)]*)?\)").unwrap();
    for name in
        ["README.md", "docs/architecture.md", "docs/rules.md", "docs/operating.md", "docs/security.md"]
    {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let folder = root().join(name).parent().unwrap().to_owned();
        for found in link.captures_iter(&text) {
            assert!(folder.join(&found[1]).exists(), "{name} links to {}, which does not exist", &found[1]);
        }
    }
}

#[test]
fn every_setting_of_the_manual_is_commented() {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    let mut explained = false;
    for line in text.lines() {
        match line.trim() {
            "" => explained = false,
            l if l.starts_with('#') => explained = true,
            l if l.starts_with('[') => explained = true,
            _ => assert!(explained, "config/default.toml: no comment above {line}"),
        }
    }
}
