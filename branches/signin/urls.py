"""Addresses of the door. The names that begin with ``account`` or ``mfa`` are those allauth asks for."""

from django.urls import path

from branches.signin import helping, views

door = [
    path("", views.SignIn.as_view(), name="sign-in"),
    path("", views.SignIn.as_view(), name="account_login"),
    path("code/", views.code, name="mfa_authenticate"),
    path("password/", views.password, name="sign-in-password"),
    path("second-factor/", views.enrol, name="sign-in-second-factor"),
    path("recovery-codes/", views.recovery_codes, name="sign-in-recovery-codes"),
    path("recovery-codes/new/", views.renew_recovery_codes, name="sign-in-new-recovery-codes"),
    path("again/", views.again, name="sign-in-again"),
    path("mine/", views.mine, name="sign-in-mine"),
    path("sessions/end/", views.end_session, name="sign-in-end-session"),
    path("state/", views.state, name="sign-in-state"),
    path("stay/", views.stay, name="sign-in-stay"),
]

help_for_others = [
    path("staff/<int:pk>/sign-in/", helping.member, name="member-sign-in"),
    path("staff/<int:pk>/first-password/", helping.first_password, name="first-password"),
    path("staff/<int:pk>/end-sessions/", helping.end_sessions, name="end-sessions"),
    path("staff/<int:pk>/release/", helping.release, name="release"),
    path("staff/<int:pk>/lost-factor/", helping.lost_factor, name="lost-factor"),
    path("devices/", helping.device_list, name="devices"),
    path("devices/<int:pk>/end/", helping.end_device, name="end-device"),
]
