from reader_agent.commands.cli import main

raise SystemExit(main())
