"""Invented ledgers in many dresses; nobody in them exists."""

import csv
import io

import openpyxl

HEADERS = [
    ["日期", "客户姓名", "性别", "身份证号码", "家庭住址", "联系电话", "业务种类", "金额"],
    ["办理时间", "存户", "男/女", "公民身份号码", "现住址", "手机号码", "办理事项", "交易额"],
    ["登記日期", "戶名", "性別", "身份證號", "通訊地址", "聯繫電話", "業務類型", "發生額(元)"],
    ["Date", "Name", "Sex", "ID No.", "Address", "Mobile", "Business", "Amount"],
    [" 日 期 ", "姓　名", "性 别", "证 件 号 码", "住 址", "电 话", "业 务", "金 额（元）"],
]
REGISTER = [
    [
        "2005-03-16",
        "王 大明",
        "男",
        "110105194912310038",
        "柳河镇东岗村三组",
        "138 6608 6809",
        "存款",
        "1,340.00",
    ],
    [
        "2005/3/17",
        "李小花",
        "女",
        "11010519491231002x",
        "本镇南湾村第二村民组",
        "86-13866086808",
        "取款",
        "500",
    ],
    ["2005年4月2日", "張國華", "M", "待补", "南湾1队", "0376-7668467", "开户", "2000"],
    ["20050410", "赵铁柱", "", "1.10105E+17", "青石乡李家畈村", "", "还贷", "300"],
    ["38460", "?陈桂英", "F", "", "", "13866086807", "存款", "100"],
    ["05.4.20", "刘为民（代）", "男", "110105491231003", "东港村五队", "", "挂失", "120"],
]


def as_csv(header, rows, *, encoding="utf-8", delimiter=","):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerows([header] if header else [])
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def as_workbook(sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([cell or None for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
