//! The statements of the demonstration: the samples of `fixtures/`, which the program carries within itself.

use kaiji_schema::jws::Document;
use kaiji_schema::statement::Statement;

use crate::cli::end::CommandError;

/// A sample, and the system that the clinic uses the product as.
pub(super) struct Sample {
    /// `sds` or `mds`: what its files are called.
    pub(super) name: &'static str,
    /// The product, as the statement calls it.
    pub(super) product: String,
    /// Its version.
    pub(super) version: String,
    /// What the clinic calls the system.
    pub(super) system: &'static str,
    text: &'static str,
    issuer: String,
    product_id: String,
}

impl Sample {
    /// Both samples, the SDS first.
    pub(super) fn both() -> Result<[Self; 2], CommandError> {
        Ok([
            Self::read(
                "sds",
                "電子カルテ",
                include_str!("../../../../fixtures/statements/accepted/sds-sample.json"),
            )?,
            Self::read(
                "mds",
                "生体情報モニタ",
                include_str!("../../../../fixtures/statements/accepted/mds-sample.json"),
            )?,
        ])
    }

    fn read(
        name: &'static str,
        system: &'static str,
        text: &'static str,
    ) -> Result<Self, CommandError> {
        let statement = Statement::parse(text.as_bytes()).map_err(|violations| {
            CommandError::Mismatch(format!(
                "the sample {name} is not a statement: {violations}"
            ))
        })?;
        Ok(Self {
            name,
            product: statement.product.name,
            version: statement.product.version,
            system,
            text,
            issuer: statement.issuer,
            product_id: statement.product.id,
        })
    }

    /// The payload with the ids that the service gave: all else stays as it is written in the sample.
    pub(super) fn payload(&self, vendor: &str, product: &str) -> String {
        self.text
            .replace(&self.issuer, vendor)
            .replace(&self.product_id, product)
    }
}

#[cfg(test)]
mod tests {
    use kaiji_schema::form::FormKind;

    use super::*;

    #[test]
    fn the_payload_is_the_sample_with_the_given_ids() {
        let [sds, mds] = Sample::both().unwrap();
        for (sample, form) in [(sds, FormKind::Sds), (mds, FormKind::Mds)] {
            let payload = sample.payload("ven_1", "prd_2");
            let statement = Statement::parse(payload.as_bytes()).unwrap();
            assert_eq!(statement.form, form);
            assert_eq!(statement.issuer, "ven_1");
            assert_eq!(statement.product.id, "prd_2");
            assert_eq!(statement.product.name, sample.product);
        }
    }
}
