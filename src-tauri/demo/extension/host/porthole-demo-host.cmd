@echo off
rem The demo extension's program on this machine (Windows). It reads, tells and counts; it changes nothing.
setlocal enabledelayedexpansion
if "%~1"=="" goto about
if "%~1"=="about" goto about
if "%~1"=="args" goto args
if "%~1"=="greet" goto greet
if "%~1"=="count" goto count
if "%~1"=="exit" goto exit
echo porthole-demo-host: unknown command: %~1 (use about, args, greet, count or exit) 1>&2
exit /b 2

:about
set "here=%CD:\=\\%"
echo {"system":"Windows","machine":"%PROCESSOR_ARCHITECTURE%","user":"%USERNAME%","cwd":"%here%"}
exit /b 0

:args
set at=0
:next
shift
if "%~1"=="" exit /b 0
set /a at+=1
echo !at!: [%~1]
goto next

:greet
if not defined DEMO_NAME set DEMO_NAME=stranger
echo Hello, %DEMO_NAME%, from %CD%
exit /b 0

:count
set last=%~2
if not defined last set last=10
for /l %%n in (1,1,%last%) do (
  echo step %%n of %last%
  set /a rest=%%n %% 4
  if !rest! equ 0 echo warning: step %%n was slow 1>&2
  ping -n 2 127.0.0.1 >nul
)
exit /b 0

:exit
set code=%~2
if not defined code set code=1
echo ending with %code%
echo a line on stderr 1>&2
exit /b %code%
