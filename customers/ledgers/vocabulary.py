"""The words that headers use, by field; weight 1 names the field for sure, less may mean something else.

Words are compared without spaces and brackets, in simplified characters and by their reading, so spelling variants
and traditional forms need no line of their own.
"""

from decimal import Decimal


def _words(sure: str, likely: str = "", possible: str = "") -> dict[str, float]:
    weights = dict.fromkeys(sure.split(), 1.0)
    weights |= {word: 0.8 for word in likely.split() if word not in weights}
    return weights | {word: 0.55 for word in possible.split() if word not in weights}


VOCABULARY: dict[str, dict[str, float]] = {
    "name": _words(
        "姓名 户名 客户姓名 客户名称 客户名 账户名称 账户名 帐户名 开户人 存款人 存款人姓名 存户 "
        "存户姓名 储户 储户姓名 户主姓名 农户姓名 借款人 借款人姓名 贷款人 贷户 社员姓名 社员 "
        "持卡人 持有人 名字 真实姓名 被调查人 受访人 受访户 村民 村民姓名 农户名 name fullname "
        "customername customer accountname holder 存款户名 申请人 申请人姓名 办理人 称呼",
        "农户 客户 户主 名称 名 人名 当事人 顾客 储户名 联系人姓名 家长 家长姓名 户长 depositor borrower farmer",
        "联系人 对象 本人",
    ),
    "head": _words("户主姓名 所属户主 户主名字 householdhead", "户主 户长 家长"),
    "relation": _words("与户主关系 关系 户主关系 家庭关系 relation"),
    "spouse": _words(
        "配偶 配偶姓名 爱人 爱人姓名 妻子 丈夫 老伴 夫妻 spouse wife husband 配偶名 对象姓名 老婆 媳妇 内人",
        "家属 家属姓名 妻 夫",
    ),
    "spouse_id_number": _words("配偶身份证 配偶身份证号 配偶身份证号码 配偶证件号 配偶证件号码 爱人身份证"),
    "spouse_phone": _words("配偶电话 配偶手机"),
    "guarantor": _words("担保人 保证人 担保 担保户 联保人 联保 联保户 担保人姓名 guarantor 保人", "联保小组"),
    "officer": _words("信贷员 客户经理 调查人 走访人 管户经理 包片信贷员 主办信贷员 officer 调查员 责任人"),
    "teller": _words(
        "柜员 柜员号 经办人 经办 经手人 操作员 经办柜员 记账员 出纳 复核 复核员 制单 办理柜员 teller "
        "cashier clerk operator 录入员 登记人 填表人 经手",
        "会计 柜台 工号",
    ),
    "id_number": _words(
        "身份证 身份证号 身份证号码 证件号码 证件号 证号 证件编号 身份证编号 公民身份号码 公民身份证号 "
        "居民身份证 居民身份证号 居民身份证号码 身份号码 身份证件号码 证件 身分证 idno idnumber idcard "
        "identitynumber id 户主身份证 户主身份证号 户主身份证号码 客户证件号码 有效证件号码 有效证件 "
        "身份证件 身份证明 nationalid",
        "号码 证照号码",
    ),
    "id_kind": _words("证件类型 证件种类 证件名称 证件类别 证类 idtype 证件性质 证种"),
    "marriage_certificate": _words("结婚证 结婚证号 结婚证字号 结婚证号码"),
    "phone": _words(
        "电话 手机 联系电话 电话号码 手机号 手机号码 联系方式 联系手机 移动电话 固定电话 座机 预留电话 "
        "预留手机 家庭电话 住宅电话 办公电话 phone mobile tel telephone cellphone phoneno 小灵通 "
        "联络电话 通讯号码 "
        "客户电话 电话手机 通信方式 联络方式 通讯方式",
        "联系 号码",
    ),
    "address": _words(
        "地址 住址 家庭住址 家庭地址 通讯地址 联系地址 客户地址 现住址 居住地址 详细地址 住所 住处 "
        "户籍地址 户口所在地 所在村组 村组 所属村组 村组别 居住地 家住 address homeaddress addr 常住地址 "
        "通信地址 身份证地址 "
        "户籍 住地 所在地 家庭所在地 村庄组别",
        "位置 地点 何处",
    ),
    "township": _words("乡镇 所属乡镇 镇 乡 乡镇名称 所在乡镇 town township 街道 乡镇街道"),
    "village": _words(
        "村 村名 行政村 所在村 所属村 村庄 村别 自然村 村委 村委会 村社 村名称 village 庄 村屯 社区 村居 "
        "屯 行政村名 所属行政村",
        "大队 片区 村民委员会",
    ),
    "group": _words("组 组别 小组 村民组 村民小组 组名 队 生产队 队别 group 所在组 所属组 社 组号 小队 几组"),
    "sex": _words("性别 男女 sex gender 性 男/女"),
    "birth_date": _words(
        "出生日期 出生年月 出生年月日 生日 出生 出生时间 生年月日 birthday birthdate dateofbirth dob "
        "生辰 诞辰"
    ),
    "age": _words("年龄 岁数 年纪 周岁 age 年岁 岁"),
    "date": _words(
        "日期 时间 登记日期 办理日期 开户日期 开户日 开户时间 交易日期 业务日期 走访日期 走访时间 "
        "调查日期 调查时间 起息日 起始日 建档日期 建档时间 入户日期 入户时间 记账日期 办理时间 登记时间 "
        "date opened openingdate "
        "opendate 存入日 存入日期 放款日 放款日期 借款日期 发生日期 开立日期 开立日 填表日期 采集日期 "
        "采集时间 访问日期 上门日期 年月日 开销户日期 开户年月日 受理日期 立户日 立户日期",
        "登记 日子 何时",
    ),
    "due_date": _words("到期日 到期日期 到期时间 到期 还款日 还款日期 约定还款日 duedate maturity 止息日"),
    "business": _words(
        "业务种类 业务 办理业务 业务类型 交易类型 业务名称 交易种类 办理事项 事项 business 交易 办理内容 业务内容",
        "类型 用途 种类",
    ),
    "product": _words(
        "产品 产品名称 业务品种 储种 存款种类 贷款种类 科目 科目名称 存款品种 贷款品种 账户类型 账户种类 "
        "储蓄种类 存款类型 品种 product accounttype 账户性质 存期 产品种类 账种 存款类别 户别",
        "种类 类别 类型",
    ),
    "account_number": _words(
        "账号 帐号 账户 账户号 账户号码 存折号 存折账号 存折号码 客户账号 卡号 卡折号 银行账号 账户编号 "
        "存单号 凭证号 借据号 存款账号 贷款账号 accountno accountnumber account acctno 折号 卡/折号 "
        "折子号 活期账号 户口号码",
        "结算账号",
    ),
    "account_status": _words("状态 账户状态 账户情况 账户状况 status 户况 使用状态"),
    "balance": _words(
        "余额 账户余额 期末余额 当前余额 存款余额 贷款余额 结余 balance 结存 结存金额 现余额 最新余额 "
        "账面余额 帐面余额 本期余额 结余额 余额合计 存量",
        "金额 本金 数额 款额",
    ),
    "amount": _words(
        "金额 发生额 交易金额 业务金额 办理金额 存取金额 发生金额 amount 存入金额 交易额 款额 数额",
        "本金 收付金额 现金 钱数",
    ),
    "rate": _words("利率 年利率 月利率 执行利率 rate"),
    "income": _words(
        "年收入 家庭收入 收入 总收入 家庭年收入 年总收入 家庭总收入 全年收入 收入情况 income 经济收入 "
        "年收入情况 毛收入"
    ),
    "net_income": _words("年纯收入 纯收入 家庭纯收入 净收入 年净收入 家庭年纯收入 netincome 全年纯收入 家庭净收入"),
    "debts": _words(
        "负债 债务 外欠 欠款 外债 他行负债 对外负债 家庭负债 负债情况 欠债 欠账 debts debt 外欠款 "
        "负债总额 总负债 民间借贷 外借 欠款情况 借债 他行贷款 借款情况 liabilities",
        "借款 贷款",
    ),
    "population": _words(
        "人口 家庭人口 人数 人口数 家庭人口数 家庭成员数 总人口 population 家庭人数 口数 几口人 家庭成员 "
        "在册人口 户籍人口 householdsize"
    ),
    "labour": _words(
        "劳力 劳动力 劳动力人数 劳动力数 劳力数 家庭劳动力 labour labor 劳动人口 主要劳力 整劳力 "
        "劳动人数"
    ),
    "land": _words(
        "承包地 耕地 田亩 土地 土地面积 地亩 亩数 耕地面积 承包面积 承包土地 责任田 田地 land 种植面积 "
        "承包田 家庭耕地 责任地 责任田地 种田 种地 地亩数 田亩数 经营面积 水田旱地",
        "面积 种植",
    ),
    "livestock": _words(
        "牲畜 养殖 畜禽 牲口 养殖情况 猪牛羊 家畜 存栏 livestock 养殖业 禽畜 养殖数量 畜牧 家禽家畜 "
        "存栏数 牧畜 六畜 养的什么"
    ),
    "grade": _words(
        "信用等级 评级 信用 信用级别 授信等级 资信等级 信用评级 信用评定 评定等级 grade rating 评定 "
        "信用星级 星级 信用状况 诚信等级 资信",
        "等级 级别",
    ),
    "limit": _words("授信额度 额度 授信金额 贷款额度 核定额度 limit 授信 拟授信"),
    "assets": _words("资产 家庭资产 固定资产 财产 总资产 assets"),
    "housing": _words("住房 房屋 房产 房子 住房情况 房屋情况"),
    "occupation": _words("职业 从业 从业情况 务工情况 主业 工作 工种"),
    "ethnicity": _words("民族"),
    "education": _words("文化程度 学历 文化"),
    "marital_status": _words("婚姻 婚姻状况 婚姻情况"),
    "household_number": _words(
        "户号 农户号 户编号 档案号 农户编号 户口簿号 档案编号 农户档案号 户籍号 householdno 户口本号"
    ),
    "serial": _words("序号 编号 no 行号 顺序号 serial number 序 号 项次 seq 流水号 顺号 no."),
    "remark": _words(
        "备注 说明 情况说明 摘要 附注 走访记录 信贷员意见 备考 记事 意见 走访情况 其他 其它 补充 remark "
        "remarks note notes comment memo 备忘 调查意见 其他情况 其他说明 走访意见 家庭情况 基本情况 评语 "
        "特殊情况 附言 注 情况 主要情况",
        "记录 调查情况",
    ),
}  # fmt: skip

REPEATABLE = {"remark", "phone", "account_status"}
"""Fields that may stand in more than one column."""

DEFINITE = {
    "date",
    "name",
    "id_number",
    "phone",
    "sex",
    "livestock",
    "product",
    "id_kind",
    "account_number",
    "account_status",
}
"""Fields whose content cannot be mistaken for another's; here the cells may overrule the word above them."""

UNITS = (
    ("万元", Decimal(10_000)),
    ("万", Decimal(10_000)),
    ("千元", Decimal(1_000)),
    ("百元", Decimal(100)),
)
