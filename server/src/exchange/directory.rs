//! The directory: what vendors want institutions to find.

use serde::Serialize;

use super::{Exchange, Page, Window, fold};
use crate::storage::Error as StorageError;
use crate::storage::products;

/// A product that its vendor put into the directory.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DirectoryEntry {
    /// The product's id, to request its statements by.
    pub product: String,
    /// Its name.
    pub name: String,
    /// Its current version.
    pub version: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Whether statements need a request, and who answers it.
    pub release: String,
    /// The vendor's id.
    pub vendor: String,
    /// The vendor's name.
    pub vendor_name: String,
    /// The vendor's 法人番号.
    pub corporate_number: Option<String>,
}

impl Exchange {
    /// Products in the directory whose name, or whose vendor's, contains `query`, whatever its width and case.
    pub fn search_directory(
        &self,
        query: Option<&str>,
        window: &Window,
    ) -> Result<Page<DirectoryEntry>, StorageError> {
        let pattern = query
            .map(fold)
            .filter(|query| !query.is_empty())
            .map(|query| format!("%{}%", escape(&query)));
        let rows = self.db.read(|c| {
            products::directory(c, pattern.as_deref(), window.after_id(), window.fetch())
        })?;
        Ok(window.page(
            rows,
            |(product, ..)| product.id.clone(),
            |(product, vendor_name, corporate_number)| DirectoryEntry {
                product: product.id,
                name: product.name,
                version: product.version,
                description: product.description,
                release: product.release,
                vendor: product.vendor_id,
                vendor_name,
                corporate_number,
            },
        ))
    }
}

/// Takes their meaning from the characters that LIKE gives one.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
