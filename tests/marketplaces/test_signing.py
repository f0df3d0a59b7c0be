"""Signatures hold against what the platforms have published."""

from integrations.marketplaces.connectors.signing import shopee_sign, top_sign
from integrations.marketplaces.terms import SignMethod

TOP = {
    "method": "taobao.item.seller.get", "app_key": "12345678", "session": "test",
    "timestamp": "2016-01-01 12:00:00", "format": "json", "v": "2.0", "sign_method": "md5",
    "fields": "num_iid,title,nick,price,num", "num_iid": "11223344",
}  # fmt: skip
JD = {
    "v": "2.0", "method": "jingdong.innovation.product.write.createSkus",
    "app_key": "yourappkey", "access_token": "yourtoken",
    "360buy_param_json": '{"paramStrin":"abc"}', "timestamp": "2019-06-27 15:41:49",
}  # fmt: skip
SHOPEE = (
    rb'{"query":"{\nbrandOffer{\n    nodes{\n        commissionRate\n        offerName'
    rb'\n    }\n}\n}"}'
)  # fmt: skip


def test_taobaos_own_example_holds() -> None:
    assert top_sign(TOP, "helloworld") == "66987CB115214E59E6EC978214934FB8"


def test_a_sign_that_is_there_already_is_not_signed() -> None:
    assert top_sign({**TOP, "sign": "old"}, "helloworld") == top_sign(TOP, "helloworld")


def test_jds_example_holds_for_compact_json_alone() -> None:
    assert top_sign(JD, "yourappSecret") == "E79CD3D49918172CA907A4CB493D9361"
    loose = {**JD, "360buy_param_json": '{"paramStrin": "abc"}'}
    assert top_sign(loose, "yourappSecret") != "E79CD3D49918172CA907A4CB493D9361"


def test_pdd_signs_as_taobao_does() -> None:
    params = {
        "type": "pdd.ddk.goods.search", "client_id": "test_client_id", "timestamp": "1716040000",
        "data_type": "JSON", "version": "V1", "keyword": "流量卡", "page": "1", "page_size": "100",
    }  # fmt: skip
    assert top_sign(params, "secret") == "B6235F85B467EDF58951D481930A42FA"


def test_shopees_own_example_holds() -> None:
    sign = "dc88d72feea70c80c52c3399751a7d34966763f51a7f056aa070a5e9df645412"
    assert shopee_sign("123456", 1577836800, SHOPEE, "demo") == sign


def test_the_stronger_method_is_another_signature() -> None:
    params = {
        "method": "taobao.tbk.dg.material.optional.upgrade", "app_key": "12345678",
        "timestamp": "2026-11-21 12:00:00", "format": "json", "v": "2.0",
        "sign_method": "hmac-sha256", "q": "流量卡", "adzone_id": "300", "page_no": "1",
        "page_size": "100",
    }  # fmt: skip
    assert top_sign(params, "helloworld", SignMethod.HMAC_SHA256) == (
        "4B4B41CDCD1F741FA5B78C3D1526B18D0A0B570AE4973F06797B7A22EF26962E"
    )
