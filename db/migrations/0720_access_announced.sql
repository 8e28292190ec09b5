-- Who may no longer see what they see is cut off at once: whoever keeps a stream open for them listens on the channel
-- access and asks again who they are. Nothing is said but that something has changed.

CREATE FUNCTION announce_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('access', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER ended_sessions_are_announced AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION announce_access();
CREATE TRIGGER changed_users_are_announced AFTER UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION announce_access();
CREATE TRIGGER changed_keys_are_announced AFTER UPDATE OF roles, sites, revoked_at OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION announce_access();
