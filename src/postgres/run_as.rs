//! Stops being root: initdb refuses to run as root, and a server should.

use crate::error::{Error, Kind, Result};
use rustix::fs::{Gid, Uid};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

/// A user of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    uid: u32,
    gid: u32,
}

/// Whether a user has an entry of its own.
pub fn is_known(uid: u32) -> bool {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    users(&passwd).iter().any(|user| user.uid == uid)
}

/// Becomes another user for good, when this is root; before there is a second thread. Gives the user it became.
pub fn drop_root(wanted: &str, data_dir: &Path) -> Result<Option<User>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let owner = std::fs::metadata(data_dir)
        .ok()
        .map(|metadata| metadata.uid())
        .filter(|uid| *uid != 0);
    let user = choose(&users(&passwd), wanted, owner)?;
    if !data_dir.exists() {
        make_for(&user, data_dir)?;
    }
    let failed = |error: rustix::io::Errno| Error::internal(std::io::Error::from(error));
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    rustix::thread::set_thread_groups(&[gid]).map_err(failed)?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(failed)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(failed)?;
    Ok(Some(user))
}

/// The data directory's owner, else the first of agentmemory, postgres, nobody.
fn choose(users: &[User], wanted: &str, owner: Option<u32>) -> Result<User> {
    let named = |name: &str| users.iter().find(|user| user.name == name).cloned();
    let missing = |name: &str| {
        let message =
            format!("there is no user {name}; make one: useradd --system --no-create-home {name}");
        Error::new(Kind::Invalid, "no_such_user", message).field("--run-as")
    };
    if !wanted.is_empty() {
        let user = named(wanted).ok_or_else(|| missing(wanted))?;
        return match user.uid {
            0 => Err(
                Error::invalid("--run-as root: PostgreSQL refuses to run as root")
                    .field("--run-as"),
            ),
            _ => Ok(user),
        };
    }
    if let Some(uid) = owner {
        return Ok(users
            .iter()
            .find(|user| user.uid == uid)
            .cloned()
            .unwrap_or(User {
                name: uid.to_string(),
                uid,
                gid: uid,
            }));
    }
    ["agentmemory", "postgres", "nobody"]
        .into_iter()
        .find_map(named)
        .ok_or_else(|| missing("agentmemory"))
}

fn users(passwd: &str) -> Vec<User> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(User { name, uid, gid })
    };
    passwd.lines().filter_map(user).collect()
}

/// Makes the data directory, and hands over what was made on the way to it.
fn make_for(user: &User, data_dir: &Path) -> Result<()> {
    super::paths::make_private(data_dir)?;
    chown(data_dir, Some(user.uid), Some(user.gid))
        .map_err(|error| super::paths::io("hand over", data_dir, error))
}

#[cfg(test)]
mod tests {
    use super::{choose, users};

    #[test]
    fn the_user_is_the_owner_else_the_first_there_is() {
        let all = users(
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n",
        );
        let name = |wanted: &str, owner| {
            choose(&all, wanted, owner)
                .map(|user| user.name)
                .map_err(|error| error.to_string())
        };
        assert_eq!(name("", None).as_deref(), Ok("postgres"));
        assert_eq!(name("nobody", Some(101)).as_deref(), Ok("nobody"));
        assert_eq!(name("", Some(65534)).as_deref(), Ok("nobody"));
        assert!(
            name("ghost", None)
                .is_err_and(|message| message.contains("useradd --system --no-create-home ghost"))
        );
        assert!(name("root", None).is_err());
    }
}
