package com.acme;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Asks the cache for an answer, by a connection whose certificate is checked as Java checks it by default. */
public final class Main {
    private static String ask(URI url, String name) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        Socket plain = new Socket(url.getHost(), url.getPort());
        try (SSLSocket socket = (SSLSocket) factory.createSocket(plain, name, url.getPort(), true)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            String account = url.getUserInfo().replace(':', ' ');
            socket.getOutputStream().write(("AUTH " + account + "\r\nPING\r\n").getBytes());
            BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream()));
            String line = lines.readLine();
            while (!line.contains("PONG")) {
                line = lines.readLine();
            }
            return "PONG";
        }
    }

    public static void main(String[] arguments) throws Exception {
        URI url = URI.create(System.getenv("STP_CACHE_CONNECTION_STRING"));
        System.out.println("java: " + ask(url, url.getHost()));
        try {
            ask(url, "elsewhere.example");
        } catch (IOException error) {
            System.out.println("java: refused, " + error.getMessage());
        }
        Thread.currentThread().join();
    }
}
