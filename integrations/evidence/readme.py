"""What stands in every pack for whoever opens it."""

from typing import Final

README: Final = """\
证据包说明
==========
本包可由任何第三方独立核验,不需要运营方的任何程序或服务器。

核验:安装 Python 3.11 或更高版本,在解开的文件夹内运行
    python3 verify.py
或直接对压缩包运行
    python3 verify.py 本包.zip
日志公钥和时间戳根证书最好另行取得,用 --key 和 --tsa-root 给出;否则核验只能说明本包自身一致。

内容
  index.json       本包全部文件的长度和 SHA-256;captures 为取证清单,made 为打包时生成的摘要
  manifests/       每次取证一份清单:网址、起止时间、对方 IP 和证书、robots 结论、工具版本、文件哈希
  files/           以自身 SHA-256 命名的文件:网络往来(page.warc.gz)、截图(page.png)、网页存档
                   (page.mhtml)、读出的字段(fields.json)、当时的许可登记摘录(register.json)
  proofs/          审计日志的签名检查点、公钥,以及每份清单在日志中的包含证明(RFC 9162)
  stamps/          第三方时间戳(RFC 3161):机构的原始应答和根证书;对象是 files/ 中的清单列表
  custody.json     保管记录:何人何时取证、查看、打包、复核
  web.wacz         可在 https://replayweb.page 等工具中离线回放的网页存档(WACZ)
  verify.py        核验程序,单个文件,只用 Python 标准库;装有 openssl 时另核验时间戳签名

其他工具也可核验:
    warcio check files/<sha256>           (重命名为 .warc.gz 后)
    openssl ts -verify -in stamps/<id>.tsr -data files/<index> -CAfile stamps/root.pem
    wacz validate -f web.wacz


About this evidence pack
========================
Anybody can check this pack; no program and no server of whoever made it is needed.

To check: with Python 3.11 or later, run
    python3 verify.py
in the unpacked folder, or  python3 verify.py PACK.zip  on the zip. Get the log's key and the
timestamp authority's root certificate from elsewhere where you can, and give them by --key and
--tsa-root; without them the check shows only that the pack agrees with itself.

What is in it
  index.json       length and SHA-256 of every file; `captures`, and `made`: summaries, no captures
  manifests/       one for each capture: address, times, peer and its certificate, what robots.txt
                   said, versions of the tools, hashes of the files
  files/           named by their own SHA-256: the exchanges (page.warc.gz), the screenshot
                   (page.png), the page (page.mhtml), the fields read from it (fields.json), and
                   the extract of the licence register as it then stood (register.json)
  proofs/          the signed head of the record of deeds, the log's keys, and for each manifest the
                   proof that it stands in that log (RFC 9162)
  stamps/          timestamps (RFC 3161) over lists of manifests: the answers as they came, the root
  custody.json     whose hands it went through: captured, stamped, viewed, packed, hashed again
  web.wacz         the web archive, for replay programs such as https://replayweb.page
  verify.py        the check, one file, Python's own library alone; with openssl it checks the
                   signatures of timestamps as well
"""
