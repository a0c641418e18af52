"""What leaves the registry in files, and the rules under which people's data is read at all."""
