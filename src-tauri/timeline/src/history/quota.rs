//! Removes calls of the history: those that the user removed, and the oldest where the output quota is reached.

use std::{fs, path::Path};

use rusqlite::{Connection, OptionalExtension, Result};

use super::{RowId, stem};

/// Calls that are removed in one transaction.
pub(super) const AT_ONCE: usize = 256;

/// What was removed of the disk, in bytes of outputs and of the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Freed {
    pub calls: u64,
    pub bytes: u64,
}

/// Removes these calls with their files.
pub(super) fn remove(connection: &mut Connection, outputs: &Path, rows: &[RowId]) -> Result<Freed> {
    let mut freed = Freed::default();
    for some in rows.chunks(AT_ONCE) {
        let mut files = Vec::new();
        let transaction = connection.transaction()?;
        for row in some {
            let removed = transaction
                .prepare_cached(
                    "DELETE FROM calls WHERE id = ?1
                     RETURNING bytes, stored, (SELECT folder FROM starts WHERE starts.id = start)",
                )?
                .query_row([row], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?))
                })
                .optional()?;
            if let Some((bytes, stored, folder)) = removed {
                freed.calls += 1;
                freed.bytes += (bytes.max(0).saturating_add(stored.max(0))).cast_unsigned();
                files.extend(folder.and_then(|folder| stem(outputs, &folder, *row)));
            }
        }
        transaction.commit()?;
        // A file without a call is found and removed at a later start; a call without its file is a loss.
        for stem in files {
            for stream in ["stdout", "stderr"] {
                let _ = fs::remove_file(stem.with_extension(stream));
            }
        }
    }
    Ok(freed)
}

/// The oldest calls that aren't pinned, from one on, with their bytes of the disk.
pub(super) fn oldest(connection: &Connection, after: RowId) -> Result<Vec<(RowId, u64)>> {
    let mut statement = connection
        .prepare_cached("SELECT id, bytes + stored FROM calls WHERE pinned = 0 AND id > ?1 ORDER BY id LIMIT ?2")?;
    let read = statement
        .query_map([after, AT_ONCE as i64], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0).cast_unsigned())))?;
    read.collect()
}
