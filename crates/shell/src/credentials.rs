//! Role and password: of the command line, of the file of credentials, or of `cqlshrc`.

use crate::cqlshrc::{Cqlshrc, CqlshrcError};
use crate::ini::IniFile;
use crate::options::ShellOptions;
use crate::path::expand_home;
use rustix::process::geteuid;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The name of the file of credentials, beside `cqlshrc`.
const FILE_NAME: &str = "credentials";
/// The environment variable with the password, which wins over files.
const PASSWORD_VARIABLE: &str = "CQLSH_PASSWORD";
/// The sections of roles, first that which wins: of the file of credentials, then of `cqlshrc`.
const SECTIONS: [(Place, &str); 4] = [
    (Place::Credentials, "plain_text_auth"),
    (Place::Cqlshrc, "authentication"),
    (Place::Credentials, "PlainTextAuthProvider"),
    (Place::Cqlshrc, "auth_provider"),
];
/// Bits of a file's mode that let its group and others read.
const OTHERS_MAY_READ: u32 = 0o044;

#[derive(Clone, Copy)]
enum Place {
    Credentials,
    Cqlshrc,
}

/// Whom to log in as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) role: Option<String>,
    /// `None` to ask for it.
    pub(crate) password: Option<String>,
}

impl Credentials {
    /// Each by itself from the first place that has it, as in cqlsh. What a person should know is added to the warnings.
    pub(crate) fn find(options: &ShellOptions, rc: &mut Cqlshrc) -> Result<Credentials, CqlshrcError> {
        warn_of_passwords(rc);
        let file = read_file(options, rc)?;
        let written = |name: &str| {
            SECTIONS.iter().find_map(|(place, section)| match place {
                Place::Credentials => file.value(section, name),
                Place::Cqlshrc => rc.text(section, name),
            })
        };
        let find = |given: Option<&str>, name: &str| {
            let given = given.filter(|text| !text.is_empty());
            given.or_else(|| written(name).filter(|text| !text.is_empty())).map(str::to_owned)
        };
        let of_environment = std::env::var(PASSWORD_VARIABLE).ok();
        let password = options.password.as_deref().or(of_environment.as_deref());
        let found =
            Credentials { role: find(options.username.as_deref(), "username"), password: find(password, "password") };
        if options.password.is_some() && !options.insecure_password_without_warning {
            rc.warnings.push(format!(
                "Others on this machine may see a password on the command line: keep it in {}, in a section \
                 [plain_text_auth].",
                rc.folder.join(FILE_NAME).display()
            ));
        }
        Ok(found)
    }
}

/// The file of credentials; an empty one if there is none, or if others may read it.
fn read_file(options: &ShellOptions, rc: &mut Cqlshrc) -> Result<IniFile, CqlshrcError> {
    let named = options.credentials.as_deref().map(|path| expand_home(&path.to_string_lossy()));
    let path: PathBuf =
        named.or_else(|| rc.path_of("authentication", "credentials")).unwrap_or_else(|| rc.folder.join(FILE_NAME));
    match is_secure(&path) {
        None => Ok(IniFile::default()),
        Some(true) => Ok(IniFile::read(&path)?),
        Some(false) => {
            rc.warnings.push(format!(
                "The credentials in {0} are not used: the file has to be yours, and nobody else may read it \
                 (chown $USER {0}; chmod 600 {0}).",
                path.display()
            ));
            Ok(IniFile::default())
        }
    }
}

fn warn_of_passwords(rc: &mut Cqlshrc) {
    let has = |name: &str| rc.text("authentication", name).is_some_and(|text| !text.is_empty());
    let Some(path) = rc.path.clone().filter(|_| has("username") || has("password")) else { return };
    if has("password") && is_secure(&path) == Some(false) {
        rc.warnings.push(format!("Others may read the password in {}.", path.display()));
    }
    rc.warnings.push(format!(
        "A role and its password in {} are deprecated: keep them in {}, in a section [plain_text_auth].",
        path.display(),
        rc.folder.join(FILE_NAME).display()
    ));
}

/// True of a file that is this user's and that nobody else may read; `None` if there is none. The superuser reads files
/// of others too.
fn is_secure(path: &Path) -> Option<bool> {
    let found = std::fs::metadata(path).ok()?;
    let own = geteuid();
    Some((own.is_root() || found.uid() == own.as_raw()) && found.mode() & OTHERS_MAY_READ == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn write(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn find(folder: &Path, options: ShellOptions) -> (Option<String>, Option<String>, usize) {
        let mut rc = Cqlshrc::find(Some(&folder.join("cqlshrc"))).unwrap();
        let found = Credentials::find(&options, &mut rc).unwrap();
        (found.role, found.password, rc.warnings.len())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_command_line_wins_over_credentials_and_these_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (rc, credentials) = (folder.path().join("cqlshrc"), folder.path().join("credentials"));
        write(&rc, "[auth_provider]\nusername = provided\npassword = p0\n", 0o600);
        assert_eq!(find(folder.path(), ShellOptions::default()), (some("provided"), some("p0"), 0));
        write(&rc, "[authentication]\nusername = ada\npassword = p1\n", 0o600);
        assert_eq!(find(folder.path(), ShellOptions::default()), (some("ada"), some("p1"), 1));
        write(&credentials, "[plain_text_auth]\nusername = bea\n", 0o600);
        assert_eq!(find(folder.path(), ShellOptions::default()), (some("bea"), some("p1"), 1));
        let options = ShellOptions { username: some("eve"), ..ShellOptions::default() };
        assert_eq!(find(folder.path(), options), (some("eve"), some("p1"), 1));
        let named = folder.path().join("other");
        write(&named, "[plain_text_auth]\nusername = cy\npassword = p2\n", 0o400);
        let options = ShellOptions { credentials: Some(named), ..ShellOptions::default() };
        assert_eq!(find(folder.path(), options), (some("cy"), some("p2"), 1));
    }

    #[test]
    fn a_password_on_the_command_line_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("cqlshrc"), "", 0o600);
        let given = ShellOptions { username: some("ada"), password: some("p"), ..ShellOptions::default() };
        assert_eq!(find(folder.path(), given.clone()), (some("ada"), some("p"), 1));
        let quiet = ShellOptions { insecure_password_without_warning: true, ..given };
        assert_eq!(find(folder.path(), quiet), (some("ada"), some("p"), 0));
    }

    #[test]
    fn files_that_others_read_are_told_and_their_credentials_left_out() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("cqlshrc"), "[authentication]\nusername = ada\npassword = p1\n", 0o644);
        assert_eq!(find(folder.path(), ShellOptions::default()), (some("ada"), some("p1"), 2));
        write(&folder.path().join("credentials"), "[plain_text_auth]\nusername = bea\n", 0o640);
        assert_eq!(find(folder.path(), ShellOptions::default()), (some("ada"), some("p1"), 3));
    }
}
