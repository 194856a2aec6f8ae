//! DATABASE_URL, as far as it concerns the configuration: where the hosts are, and how the connection is secured. The rest is the
//! driver's to read.

/// Parameters of an address that are settings of their own here, as libpq has them too.
const OURS: [(&str, &str); 5] = [
    ("sslmode", "database.sslmode"),
    ("sslrootcert", "database.sslrootcert"),
    ("sslcert", "database.sslcert"),
    ("sslkey", "database.sslkey"),
    ("channel_binding", "database.channel_binding"),
];

/// The address without the parameters that are settings of their own, and these.
pub fn split(url: &str) -> (String, Vec<(&'static str, String)>) {
    let setting = |word: &str| {
        let (name, value) = word.split_once('=')?;
        let (_, setting) = OURS.iter().find(|(ours, _)| *ours == name)?;
        Some((
            *setting,
            value
                .trim_matches('\'')
                .replace("%2F", "/")
                .replace("%2f", "/"),
        ))
    };
    let (rest, words, separator) = match url.split_once('?') {
        Some((rest, query)) if url.contains("://") => (rest, query, '&'),
        _ if url.contains("://") => (url, "", '&'),
        _ => ("", url, ' '),
    };
    let (ours, theirs): (Vec<&str>, Vec<&str>) = words
        .split(separator)
        .filter(|word| !word.is_empty())
        .partition(|word| setting(word).is_some());
    let theirs = theirs.join(&separator.to_string());
    let url = match (rest.is_empty(), theirs.is_empty()) {
        (true, _) => theirs,
        (false, true) => rest.to_owned(),
        (false, false) => format!("{rest}?{theirs}"),
    };
    (url, ours.into_iter().filter_map(setting).collect())
}

/// The hosts of an address, and its password.
pub fn hosts_and_password(url: &str) -> (Vec<String>, Option<String>) {
    let Some((_, rest)) = url.split_once("://") else {
        let url = url.replace(" =", "=").replace("= ", "=");
        let word = |wanted: &str| {
            url.split(' ')
                .filter_map(|word| word.split_once('='))
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value.trim_matches('\'').to_owned())
        };
        let hosts = word("hostaddr")
            .or_else(|| word("host"))
            .unwrap_or_default();
        return (
            hosts.split(',').map(str::to_owned).collect(),
            word("password"),
        );
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = |host: &str| match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    };
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let named = query
        .split('&')
        .filter_map(|word| word.split_once('='))
        .filter(|(name, _)| matches!(*name, "host" | "hostaddr"));
    let named = named
        .flat_map(|(_, hosts)| hosts.split(','))
        .map(|host| host.replace("%2F", "/").replace("%2f", "/"));
    (
        hosts
            .split(',')
            .map(host)
            .filter(|host| !host.is_empty())
            .chain(named)
            .collect(),
        user.split_once(':')
            .map(|(_, password)| password.to_owned()),
    )
}

/// The first host's port, when the address names one.
pub fn port_of(url: &str) -> Option<u16> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?.split(',').next()?;
    host.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{hosts_and_password, split};

    #[test]
    fn what_secures_the_connection_is_taken_out_and_the_rest_stays() {
        let (url, ours) = split(
            "postgres://u:p@db:5433/m?sslmode=verify-full&application_name=x&sslrootcert=/ca.pem",
        );
        assert_eq!(url, "postgres://u:p@db:5433/m?application_name=x");
        assert_eq!(
            ours,
            [
                ("database.sslmode", "verify-full".to_owned()),
                ("database.sslrootcert", "/ca.pem".to_owned())
            ]
        );
        let (url, ours) = split("host=db user=u sslmode=require");
        assert_eq!((url.as_str(), ours.len()), ("host=db user=u", 1));
        assert_eq!(split("postgres://db/m").0, "postgres://db/m");
        assert_eq!(
            hosts_and_password("postgres://u:pa@ss@[::1]:5432,db:1/m?x"),
            (
                vec!["::1".to_owned(), "db".to_owned()],
                Some("pa@ss".to_owned())
            )
        );
        assert_eq!(hosts_and_password("host=a,b password=x").0, ["a", "b"]);
        assert_eq!(hosts_and_password("host = db user = u").0, ["db"]);
        assert_eq!(
            hosts_and_password("hostaddr=10.0.0.5 host=localhost").0,
            ["10.0.0.5"]
        );
        assert_eq!(
            hosts_and_password("postgres:///m?host=db.example.com").0,
            ["db.example.com"]
        );
        assert_eq!(hosts_and_password("postgres:///m?host=%2Frun").0, ["/run"]);
    }
}
