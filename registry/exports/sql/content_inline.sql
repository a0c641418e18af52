-- A list of people stays in its page and is not put aside: out of line the table looks empty to the planner, which then
-- reads, and unpacks, every list for one person instead of asking the index.
ALTER TABLE exports_exportcontent ALTER COLUMN persons SET STORAGE MAIN;
