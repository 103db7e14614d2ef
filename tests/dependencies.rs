//! What Quorate is built of: licences, bans and sources by the policy in deny.toml, and a reason for each
//! direct dependency.

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::root;

#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

fn policy() -> Policy {
    Figment::from(Toml::file(root().join("deny.toml"))).extract().unwrap()
}

/// Every package of the lock file, as cargo describes it.
fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let ran = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let described: Value = serde_json::from_slice(&ran.stdout).unwrap();
    described["packages"].as_array().unwrap().clone()
}

#[test]
fn every_package_has_a_licence_that_the_policy_allows() {
    let policy = policy();
    let allowed: Vec<spdx::Licensee> =
        policy.licenses.allow.iter().map(|text| spdx::Licensee::parse(text).unwrap()).collect();
    let packages = packages();
    assert!(packages.len() > 300);
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let text = package["license"].as_str().unwrap_or_else(|| panic!("{name} names no licence"));
        let licence = spdx::Expression::parse_mode(text, spdx::ParseMode::LAX)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let fits = licence.evaluate(|wanted| allowed.iter().any(|one| one.satisfies(wanted)));
        assert!(fits, "{name}: \"{text}\" is not allowed by deny.toml");
    }
    let not_ours = spdx::Expression::parse("GPL-3.0-only AND MIT").unwrap();
    assert!(
        !not_ours.evaluate(|wanted| allowed.iter().any(|one| one.satisfies(wanted))),
        "and others are not"
    );
}

#[test]
fn no_package_is_banned_or_comes_from_anywhere_but_the_registry() {
    let policy = policy();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        assert!(policy.bans.deny.iter().all(|banned| banned.name != name), "{name} is banned by deny.toml");
        // Without a source it is our own.
        match package["source"].as_str() {
            Some(source) => assert!(source.starts_with("registry+"), "{name} comes from {source}"),
            None => {
                assert!(["quorate", "migrations", "paper-pdf"].contains(&name), "{name} comes from a folder")
            }
        }
    }
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let document = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let mut direct = 0;
    for package in packages().iter().filter(|p| p["source"].is_null()) {
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            assert!(
                name == "migrations" || document.contains(&format!("| `{name}` |")),
                "docs/dependencies.md does not say why {name} is needed"
            );
            direct += 1;
        }
    }
    assert!(direct > 40);
    let named = regex::Regex::new(r"(?m)^\| `([a-z0-9_-]+)` \|").unwrap();
    let manifests = ["Cargo.toml", "migrations/Cargo.toml", "crates/paper-pdf/Cargo.toml"];
    let manifest: String =
        manifests.iter().map(|name| std::fs::read_to_string(root().join(name)).unwrap()).collect();
    for name in named.captures_iter(&document) {
        assert!(
            manifest.contains(&format!("{} ", &name[1])) || manifest.contains(&format!("{}.", &name[1])),
            "{} is used no more",
            &name[1]
        );
    }
}
