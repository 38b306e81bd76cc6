"""OData 4.0 as far as a reader of tables needs it: addresses, query options, filters, $metadata, answers."""
