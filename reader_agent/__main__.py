from reader_agent.cli import main

raise SystemExit(main())
