-- The chief of a site: whom escalations and notifications can go to, whoever it is then. Changes are in the log of changes.
ALTER TABLE sites ADD COLUMN chief text REFERENCES users (name);
CREATE TRIGGER site_chiefs_are_logged AFTER UPDATE OF chief ON sites FOR EACH ROW EXECUTE FUNCTION log_change('site');
