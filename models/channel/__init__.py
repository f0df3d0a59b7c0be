"""Who may sell, where, and how one sees it: agents, licences, shops, badges, the published list."""
