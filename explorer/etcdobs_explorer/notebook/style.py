"""Decides how results look: on any theme, light or dark, with the page's own colours and translucent greys."""

# `.etcdobs` twice: it outweighs the rules that front ends have for every table.
CSS = """
.etcdobs{font-size:13px;line-height:1.45;max-width:100%;overflow-x:auto;color:inherit}
.etcdobs.etcdobs table{border-collapse:collapse;margin:2px 0;font-size:13px;border:0}
.etcdobs.etcdobs th,.etcdobs.etcdobs td{text-align:left;vertical-align:top;padding:3px 12px 3px 6px;border:0;
border-bottom:1px solid rgba(128,128,128,.25);max-width:44em;overflow-wrap:anywhere;white-space:normal}
.etcdobs.etcdobs th{font-weight:600;opacity:.75;white-space:nowrap}
.etcdobs.etcdobs tr,.etcdobs.etcdobs thead,.etcdobs.etcdobs tbody{background:transparent}
.etcdobs.etcdobs tbody tr:hover{background:rgba(128,128,128,.1)}
.etcdobs.etcdobs .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.etcdobs td,.etcdobs pre,.etcdobs summary,.etcdobs .leaf{font-family:var(--jp-code-font-family,ui-monospace,
SFMono-Regular,Menlo,Consolas,monospace);font-size:12px}
.etcdobs.etcdobs pre{margin:2px 0;padding:4px 8px;background:rgba(128,128,128,.08);border-radius:3px;overflow-x:auto;
white-space:pre-wrap;overflow-wrap:anywhere;color:inherit;border:0}
.etcdobs details{margin:0}
.etcdobs summary{cursor:pointer;overflow-wrap:anywhere}
.etcdobs .kids{margin-left:6px;padding-left:14px;border-left:1px solid rgba(128,128,128,.3)}
.etcdobs .leaf{padding-left:14px;overflow-wrap:anywhere}
.etcdobs .note{opacity:.7;font-size:12px;margin-top:3px}
.etcdobs .head{font-weight:600;margin:8px 0 2px}
.etcdobs-esc,.etcdobs .muted{opacity:.6}
.etcdobs .strong{font-weight:600}
.etcdobs .good{color:#31a567}
.etcdobs .warn{color:#c98a1b}
.etcdobs .bad{color:#d9534f}
.etcdobs .line{display:block}
.etcdobs .added{background:rgba(46,160,67,.22)}
.etcdobs .removed{background:rgba(248,81,73,.22)}
.etcdobs .bar{display:inline-block;width:7em;height:.7em;margin-right:.6em;border-radius:3px;
background:rgba(128,128,128,.25);overflow:hidden;vertical-align:baseline}
.etcdobs .bar i{display:block;height:100%;background:currentColor}
""".strip()
