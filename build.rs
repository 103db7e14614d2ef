//! Takes the compiled GOV.UK Frontend in from its npm package, without its crown and its font, which
//! are for government domains only. Where npm is missing, a small style sheet of our own stands in, with
//! a warning; with QUORATE_FRONTEND=require (CI, releases) the build fails instead.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/web/frontend");
    println!("cargo:rerun-if-changed=src/web/assets");
    println!("cargo:rerun-if-env-changed=QUORATE_FRONTEND");
    // rust-embed reads these folders when the crate is compiled.
    println!("cargo:rerun-if-changed=email-templates");
    println!("cargo:rerun-if-changed=src");

    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let assets = out.join("assets");
    fs::create_dir_all(&assets).expect("OUT_DIR can be written");
    let own = fs::read_to_string("src/web/assets/quorate.css").expect("our own style sheet");
    let (css, js) = match govuk(&out) {
        Ok(found) => found,
        Err(why) if env::var("QUORATE_FRONTEND").as_deref() == Ok("require") => {
            panic!("QUORATE_FRONTEND=require, and GOV.UK Frontend could not be had: {why}")
        }
        Err(why) => {
            println!("cargo:warning=built with a plain style sheet, without GOV.UK Frontend: {why}");
            (fs::read_to_string("src/web/assets/plain.css").expect("the plain style sheet"), String::new())
        }
    };
    fs::write(assets.join("style.css"), css + "\n" + &own).expect("OUT_DIR can be written");
    fs::write(assets.join("govuk-frontend.js"), js).expect("OUT_DIR can be written");
    for script in ["start.js", "session.js", "live.js", "hints.js", "copy.js", "register.js"] {
        fs::copy(Path::new("src/web/assets").join(script), assets.join(script)).expect("our own script");
    }
    println!("cargo:rustc-env=QUORATE_ASSETS={}", assets.display());
}

/// The style sheet and the script, changed as the licence of the font asks.
fn govuk(out: &Path) -> Result<(String, String), String> {
    let folder = out.join("frontend");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(Path::new("src/web/frontend").join(file), folder.join(file)).map_err(|e| e.to_string())?;
    }
    let dist = folder.join("node_modules/govuk-frontend/dist/govuk");
    let installed = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .output()
        .map_err(|e| format!("npm: {e}"))?;
    if !installed.status.success() {
        return Err(format!("npm ci: {}", String::from_utf8_lossy(&installed.stderr).trim()));
    }
    let read = |name: &str| fs::read_to_string(dist.join(name)).map_err(|e| format!("{name}: {e}"));
    let css = without_font(&read("govuk-frontend.min.css")?);
    Ok((without_map(&css), without_map(&read("govuk-frontend.min.js")?)))
}

fn without_font(css: &str) -> String {
    let mut rest = css;
    let mut kept = String::with_capacity(css.len());
    while let Some(start) = rest.find("@font-face{") {
        kept.push_str(&rest[..start]);
        let end = rest[start..].find('}').map_or(rest.len(), |n| start + n + 1);
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept.replace("\"GDS Transport\",", "").replace("GDS Transport,", "")
}

fn without_map(text: &str) -> String {
    let cut = text.find("//# sourceMappingURL").or_else(|| text.find("/*# sourceMappingURL"));
    text[..cut.unwrap_or(text.len())].to_owned()
}
