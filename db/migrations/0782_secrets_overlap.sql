-- While a webhook's receiver changes to a new secret, messages are signed with the one before it too.
ALTER TABLE receivers
    ADD COLUMN old_secret bytea,
    ADD COLUMN old_secret_is_sealed boolean,
    ADD COLUMN old_secret_until timestamptz,
    ADD CONSTRAINT receivers_old_secrets_end CHECK (num_nulls(old_secret, old_secret_is_sealed, old_secret_until) IN (0, 3));
